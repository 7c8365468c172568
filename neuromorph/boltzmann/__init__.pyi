from .autoencoder import Autoencoder
from .block_gibbs import AnnealingPath, RandomLanes, tempering_sweep
from .boltzmann_machine import BoltzmannMachine
from .born_machine import BornMachine, learn_born_machine
from .dbn import DBN
from .dbn_classifier import DBNClassifier
from .labeled_rbm import LabeledBoltzmann, LabeledLearning, learn_labeled
from .likelihood import LogPartitionBounds, ais
from .moments import Correlations, data_correlations, gradient, hidden_posterior, model_correlations
from .quantum_boltzmann import QuantumBoltzmann, bernoulli_mixture, learn_quantum_boltzmann
from .rbm import RBM
from .rbm_model import RestrictedBoltzmann, log_odds
from .tap_learning import RbmMagnetizations, learn_by_tap, rbm_tap, tap_gradient

__all__ = [  # noqa: RUF022  by theme
    "BoltzmannMachine",
    "RBM",
    "DBN",
    "DBNClassifier",
    "LabeledBoltzmann",
    "LabeledLearning",
    "learn_labeled",
    "Autoencoder",
    "RestrictedBoltzmann",
    "log_odds",
    "LogPartitionBounds",
    "ais",
    "AnnealingPath",
    "RandomLanes",
    "tempering_sweep",
    "Correlations",
    "data_correlations",
    "model_correlations",
    "gradient",
    "hidden_posterior",
    "QuantumBoltzmann",
    "learn_quantum_boltzmann",
    "bernoulli_mixture",
    "BornMachine",
    "learn_born_machine",
    "rbm_tap",
    "RbmMagnetizations",
    "tap_gradient",
    "learn_by_tap",
]
