r"""Adam: steps scaled by running means of the gradient and of its square.

.. math:: m \leftarrow 0.9\, m + 0.1\, g, \qquad v \leftarrow 0.999\, v + 0.001\, g^2, \qquad
          \Delta x = -\eta\, \frac{m / (1 - 0.9^t)}{\sqrt{v / (1 - 0.999^t)} + \epsilon}

where g is the gradient, m and v its running means, eta the learning rate, t the number of steps.
Source: Kingma and Ba, arXiv:1412.6980 (2014).
"""

from __future__ import annotations

from typing import Any

import numpy as np

_EPSILON = 1e-8


class Adam:
    """Adam for one array of parameters.

    Parameters
    ----------
    parameters : array
        The parameters, for their shape.
    rate : float
        eta, in the unit of the parameters.
    """

    def __init__(self, parameters: Any, rate: float) -> None:
        self._first, self._second = np.zeros_like(parameters), np.zeros_like(parameters)
        self._rate, self._steps = rate, 0

    def change(self, gradient: Any) -> Any:
        """Compute the step to add to the parameters.

        Parameters
        ----------
        gradient : ndarray
            Gradient of the loss.

        Returns
        -------
        ndarray
            Step.
        """
        self._steps += 1
        self._first += 0.1 * (gradient - self._first)
        self._second += 0.001 * (gradient**2 - self._second)
        mean = self._first / (1.0 - 0.9**self._steps)
        size = np.sqrt(self._second / (1.0 - 0.999**self._steps))
        return -self._rate * mean / (size + _EPSILON)
