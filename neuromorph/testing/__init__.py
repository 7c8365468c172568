r"""What every target must do, as checks that anyone can run on a target of their own.

.. code-block:: python

    @pytest.mark.parametrize("check", neuromorph.testing.CHECKS, ids=lambda check: check.__name__)
    def test_my_device(check):
        check(MyDevice())

A check returns None or raises AssertionError with what it found. What a target does not support is not asked of it (but
it must say so), and a device that holds a problem inexactly is measured against what it says that it holds.

Samples are compared with enumeration by G = 2 N KL(empirical || exact), which is chi^2 with (cells - 1) degrees of
freedom for a correct sampler. Statistical checks fail a correct target once in 10^6; each says what it detects.

What is tested is the truth of a target's model, not its idealness. A target whose samples do not follow exp(-beta E) of
what it holds says so in its program: ``sampled`` gives the distribution that they do follow, or ``sampling_bound`` how
far they are from it, with a reason. Either statement is then what the samples are held to: G is noncentral chi^2 with
2 N KL where a bound is stated.
Sources: Wilks, Ann. Math. Stat. 9, 60 (1938); a shipped suite: dimod.testing, scikit-learn's parametrize_with_checks.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
