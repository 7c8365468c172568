r"""Layers of a deep autoencoder: activations, loss, and its gradient by back-propagation.

.. math:: a^{l} = \sigma(a^{l-1} W_l + c_l), \qquad
          L = -\frac1N \sum_{r,i} x_{ri} \ln y_{ri} + (1 - x_{ri}) \ln(1 - y_{ri}) + \frac\lambda2 \sum_l |W_l|^2

where a^l is the activation of layer l with weights W_l and biases c_l, x_r a sample, and y_r its reconstruction. The
code in the middle is linear; a Gaussian output is linear, with half the squared error as L.
Source: Hinton and Salakhutdinov, Science 313, 504 (2006).
"""

from __future__ import annotations

import numpy as np
from scipy.special import expit

from ..ising import Float
from ..runtime.threads import single_threaded_blas
from .rbm_model import Units

Weights = list[tuple[Float, Float]]  # (inputs, outputs) and (outputs,) of each layer


def forward(layers: Weights, v: Float, output: Units) -> list[Float]:
    """Compute the activations of every layer.

    Parameters
    ----------
    layers : list of tuple
        Weights and biases of the layers.
    v : (rows, m) float
        Input.
    output : Units
        Type of the output units.

    Returns
    -------
    list of (rows, units) float
        The activations, with the input first.
    """
    activations = [v]
    with single_threaded_blas(len(v) * max(w.size for w, _ in layers)):
        for k, (w, c) in enumerate(layers):
            activations.append(activate(activations[-1] @ w + c, k, len(layers), output))
    return activations


def autoencoder_loss_and_gradient(
    flat: Float, shapes: list[tuple[int, int]], v: Float, output: Units, alpha: float
) -> tuple[float, Float]:
    """Compute the loss L and its gradient by back-propagation.

    Parameters
    ----------
    flat : ndarray of float
        Parameters as of :func:`flatten_parameters`.
    shapes : list of tuple of int
        Shape of the weights of each layer.
    v : (rows, m) float
        Input and target.
    output : Units
        Type of the output units.
    alpha : float
        lambda, the weight decay.

    Returns
    -------
    tuple of float, ndarray
        L and its gradient in the order of ``flat``.
    """
    layers = unflatten_parameters(flat, shapes)
    a = forward(layers, v, output)
    y, code = a[-1], len(layers) // 2
    if output == "bernoulli":  # computed from the argument of the logistic, so that no logarithm of 0 occurs
        z = a[-2] @ layers[-1][0] + layers[-1][1]
        loss = float((np.logaddexp(0.0, z) - v * z).sum())
    else:
        loss = 0.5 * float(((y - v) ** 2).sum())
    loss = loss / len(v) + 0.5 * alpha * sum(float((w * w).sum()) for w, _ in layers)
    delta = (y - v) / len(v)  # for both kinds of output
    parts: Weights = []
    for k in range(len(layers) - 1, -1, -1):
        w = layers[k][0]
        parts.append((a[k].T @ delta + alpha * w, delta.sum(axis=0)))
        if k:
            delta = delta @ w.T
            if k != code:
                delta *= a[k] * (1.0 - a[k])
    return loss, flatten_parameters(parts[::-1])


def activate(z: Float, k: int, layers: int, output: Units) -> Float:
    """Activate a layer: the code and a Gaussian output are linear, others logistic.

    Parameters
    ----------
    z : (rows, units) float
        Input of the layer.
    k : int
        Number of the layer, from 0.
    layers : int
        Number of layers.
    output : Units
        Type of the output units.

    Returns
    -------
    (rows, units) float
        The activations.
    """
    linear = k == layers // 2 - 1 or (k == layers - 1 and output == "gaussian")
    return z if linear else np.asarray(expit(z))


def flatten_parameters(layers: Weights) -> Float:
    """Concatenate the weights and biases of all layers.

    Returns
    -------
    (parameters,) float
        The flat parameters.
    """
    return np.concatenate([part.ravel() for layer in layers for part in layer])


def unflatten_parameters(flat: Float, shapes: list[tuple[int, int]]) -> Weights:
    """Split flat parameters into layers, the inverse of :func:`flatten_parameters`.

    Parameters
    ----------
    flat : (parameters,) float
        The flat parameters.
    shapes : list of tuple of int
        Shape of the weights of each layer.

    Returns
    -------
    list of tuple
        Weights and biases of each layer.
    """
    layers: Weights = []
    at = 0
    for n, m in shapes:
        layers.append((flat[at : at + n * m].reshape(n, m), flat[at + n * m : at + n * m + m]))
        at += n * m + m
    return layers
