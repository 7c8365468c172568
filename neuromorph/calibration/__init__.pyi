from .calibration_figures import calibration_figures
from .calibration_result import DeviceCalibration, draws_npz, parameters_toml
from .column_roles import ColumnRole, assign_roles, parse_columns
from .conductance_drift import CellDrift, fit_drift
from .current_surface import CurrentSurface, fit_current_surface
from .device_kinds import DEVICE_KINDS, calibrate_device
from .dopant_calibration import calibrate_dopant, dataset_csv
from .dwell_times import DwellTest, dwell_tests
from .laplace_posterior import LaplacePosterior
from .measured_table import MeasuredColumn, MeasuredTable, parse_measured, read_measured
from .memristor_calibration import calibrate_memristor
from .p_bit_calibration import calibrate_p_bit
from .p_bit_response import PBitResponse, fit_barrier, fit_mean_response, fit_traced_response
from .physical_parameters import InferredParameter, MeasuredChords, PhysicalParameters, inferred_parameter
from .programming_noise import ProgrammingNoise, fit_programming_noise
from .rates_against_voltage import RatesAgainstVoltage, fit_rates_against_voltage, switching_law
from .target_texts import targets_of_draws
from .telegraph_calibration import calibrate_telegraph
from .two_state import TelegraphTrace, TwoStateFit, count_rates, fit_two_state

__all__ = [  # noqa: RUF022  by theme
    "calibrate_device", "DEVICE_KINDS", "DeviceCalibration", "parameters_toml", "draws_npz", "targets_of_draws",
    "read_measured", "parse_measured", "MeasuredTable", "MeasuredColumn", "ColumnRole", "assign_roles", "parse_columns",
    "calibrate_telegraph", "TelegraphTrace", "TwoStateFit", "fit_two_state", "count_rates", "DwellTest", "dwell_tests",
    "RatesAgainstVoltage", "fit_rates_against_voltage", "switching_law",
    "calibrate_p_bit", "PBitResponse", "fit_mean_response", "fit_traced_response", "fit_barrier",
    "calibrate_memristor", "ProgrammingNoise", "fit_programming_noise", "CellDrift", "fit_drift",
    "calibrate_dopant", "CurrentSurface", "fit_current_surface", "dataset_csv",
    "MeasuredChords", "PhysicalParameters", "InferredParameter", "inferred_parameter",
    "LaplacePosterior", "calibration_figures",
]  # fmt: skip
