"""The configuration file: its sections, and how it is read."""

from maxwatt.config.reading import load, parse
from maxwatt.config.sections import (
    CARBON_PROVIDERS,
    SECTIONS,
    AgentSettings,
    Application,
    AttributionSettings,
    CarbonSettings,
    ClusterSettings,
    CostSettings,
    LedgerSettings,
    RetentionSettings,
    ServerSettings,
    SessionsSettings,
    Settings,
    SigninSettings,
    SlurmSettings,
    StoreSettings,
)

__all__ = [
    "CARBON_PROVIDERS",
    "SECTIONS",
    "AgentSettings",
    "Application",
    "AttributionSettings",
    "CarbonSettings",
    "ClusterSettings",
    "CostSettings",
    "LedgerSettings",
    "RetentionSettings",
    "ServerSettings",
    "SessionsSettings",
    "Settings",
    "SigninSettings",
    "SlurmSettings",
    "StoreSettings",
    "load",
    "parse",
]
