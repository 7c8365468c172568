"""The parameters that model cards may have, by type of device, and words that vendors add for people.

The lists are those of ngspice 39 (``devhelp diode`` and so on). ngspice leaves an unknown parameter out with no more
than a warning, which would turn an ideal diode of LTspice (``vfwd``, ``ron``) into an ordinary one. MOSFETs of other
levels than 1 to 3 are not checked.
"""

from __future__ import annotations

_DIODE = (
    "level is js jsw tnom tref rs trs trs1 trs2 n ns tt ttt1 ttt2 cjo cj0 cj vj pb m mj tm1 tm2 cjp cjsw php mjsw ikf "
    "ik ikr nbv area pj tlev tlevc eg xti cta ctc ctp tpb tvj tphp jtun jtunsw ntun xtitun keg kf af fc fcs bv ibv ib "
    "tcv isr nr fv_max bv_max id_max te_max pd_max rth0 cth0 lm lp wm wp xom xoi xm xp"
)
_BIPOLAR = (
    "level subs tnom tref is ibe ibc bf nf vaf va ikf ik ise c2 ne br nr var vb ikr isc c4 nc rb irb rbm re rc cje vje "
    "pe mje me tf xtf vtf itf ptf cjc vjc pc mjc mc xcjc tr cjs csub ccs vjs ps mjs ms xtb eg xti fc kf af iss ns rco "
    "vo gamma qco tlev tlevc tbf1 tbf2 tbr1 tbr2 tikf1 tikf2 tikr1 tikr2 tirb1 tirb2 tnc1 tnc2 tne1 tne2 tnf1 tnf2 "
    "tnr1 tnr2 trb1 trb trb2 trc1 trc trc2 tre1 tre tre2 trm1 trm2 tvaf1 tvaf2 tvar1 tvar2 ctc cte cts tvjc tvje tvjs "
    "titf1 titf2 ttf1 ttf2 ttr1 ttr2 tmje1 tmje2 tmjc1 tmjc2 tmjs1 tmjs2 tns1 tns2 nkf nk tis1 tis2 tise1 tise2 tisc1 "
    "tisc2 tiss1 tiss2 quasimod vg cn d vbe_max vbc_max vce_max pd_max ic_max ib_max te_max rth0"
)
_JFET = (
    "level vt0 vto beta lambda rd gd rs gs cgs cgd pb is fc b tnom tcv vtotc bex betatce xti eg kf af nlev gdsnoi "
    "acgam cds delta hfeta hfe1 hfe2 hfg1 hfg2 mvst mxi ibd lfgam lfg1 lfg2 n p vbi q taud taug vbd ver vst xc z hfgam"
)
_MOS = (
    "level vto vt0 kp gamma phi lambda rd rs cbd cbs is pb cgso cgdo cgbo rsh cj mj cjsw mjsw js tox ld u0 uo fc nsub "
    "tpg nss tnom kf af delta uexp ucrit vmax xj neff nfs xl wd xw delvto delvt0 xd alpha eta theta kappa w l"
)
_SHORT = (1.0, 2.0, 3.0)  # levels of MOSFETs whose parameters are _MOS
KNOWN: dict[str, frozenset[str]] = {
    "d": frozenset(_DIODE.split()),
    **dict.fromkeys(("npn", "pnp"), frozenset(_BIPOLAR.split())),
    **dict.fromkeys(("njf", "pjf"), frozenset(_JFET.split())),
    **dict.fromkeys(("nmos", "pmos"), frozenset(_MOS.split())),
    "sw": frozenset(("vt", "vh", "ron", "roff")),
}
"""Parameters by type of model."""

FOR_PEOPLE = frozenset(("mfg", "mfr", "manufacturer", "type", "iave", "ipk", "vpk", "irms", "vceo", "vces", "icrating"))
"""Maker and ratings in LTspice's cards, which no simulator computes with."""


def unknown_key(kind: str, numbers: dict[str, float]) -> str | None:
    """Return a parameter that models of a type do not have.

    Parameters
    ----------
    kind : str
        Type, of ``KNOWN``.
    numbers : dict of str to float
        Parameters of a card.

    Returns
    -------
    str or None
        One that simulators would leave out; None if there is none.
    """
    if kind in ("nmos", "pmos") and numbers.get("level", 1.0) not in _SHORT:
        return None
    return next((key for key in numbers if key not in KNOWN[kind]), None)
