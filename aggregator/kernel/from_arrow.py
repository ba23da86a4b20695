"""From a store's Arrow tables to the kernel's arrays: null becomes NaN, nothing is computed."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from aggregator.kernel.arrays import F64, I32, I64, GpuSamples, JobSamples, NodeSamples, SessionSamples


def node_samples(table: pa.Table) -> NodeSamples:
    """Rows of schema.NODE with `node` as int32 index."""
    return NodeSamples(
        node=_int32(table, "node"),
        ts_ms=_int64(table, "ts_ms"),
        monotonic_s=_float(table, "monotonic_s"),
        epoch_id=_int64(table, "epoch_id"),
        cpu_busy_s=_float(table, "cpu_busy_seconds_total"),
        cpu_energy_j=_float(table, "cpu_energy_joules_total"),
        dram_energy_j=_float(table, "dram_energy_joules_total"),
        cpu_estimated_j=_float(table, "cpu_estimated_joules_total"),
        dram_estimated_j=_float(table, "dram_estimated_joules_total"),
        cpu_modelled_j=_float(table, "cpu_modelled_energy_joules_total"),
        meter_energy_j=_float(table, "meter_energy_joules_total"),
        meter_power_w=_float(table, "meter_power_watts"),
    )


def gpu_samples(table: pa.Table) -> GpuSamples:
    """Rows of schema.GPU with `node` as int32 index."""
    return GpuSamples(
        node=_int32(table, "node"),
        gpu=_int32(table, "gpu"),
        ts_ms=_int64(table, "ts_ms"),
        monotonic_s=_float(table, "monotonic_s"),
        epoch_id=_int64(table, "epoch_id"),
        energy_j=_float(table, "energy_joules_total"),
        power_w=_float(table, "power_watts"),
        utilisation=_float(table, "utilisation_ratio"),
    )


def job_samples(table: pa.Table) -> JobSamples:
    """Rows of schema.JOB with `node` as int32 index."""
    return JobSamples(
        node=_int32(table, "node"),
        job_id=_int64(table, "job_id"),
        ts_ms=_int64(table, "ts_ms"),
        cpu_s=_float(table, "cpu_seconds_total"),
        memory_bytes=_float(table, "memory_resident_bytes"),
    )


def session_samples(table: pa.Table) -> SessionSamples:
    """Rows of schema.SESSION with `node` as int32 index."""
    return SessionSamples(
        node=_int32(table, "node"),
        uid=_int64(table, "uid"),
        ts_ms=_int64(table, "ts_ms"),
        monotonic_s=_float(table, "monotonic_s"),
        epoch_id=_int64(table, "epoch_id"),
        cpu_s=_float(table, "cpu_seconds_total"),
    )


def _float(table: pa.Table, name: str) -> F64:
    # A cast to float first: Arrow turns its nulls into NaN only for floats.
    return np.asarray(pc.cast(table[name], pa.float64()).to_numpy(), np.float64)


def _int64(table: pa.Table, name: str) -> I64:
    column = pc.cast(table[name], pa.int64())
    return np.asarray((pc.fill_null(column, -1) if column.null_count else column).to_numpy(), np.int64)


def _int32(table: pa.Table, name: str) -> I32:
    return np.asarray(pc.cast(table[name], pa.int32()).to_numpy(), np.int32)
