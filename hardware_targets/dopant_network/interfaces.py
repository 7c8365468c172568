"""What stands around dopant units when they work, each number with its source: ``interfaces.toml``."""

from importlib.resources import files

from neuromorph.cost import read_data

DATA = read_data(files(__package__).joinpath("interfaces.toml").read_text())
