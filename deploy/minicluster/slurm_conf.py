"""Slurm's four configuration files as text."""

from itertools import groupby

from deploy.minicluster.plan import Node, Plan


def slurm_conf(plan: Plan) -> str:
    """slurm.conf. Without AccountingStoragePass clients would hang on munge's default socket."""
    ports = plan.ports
    return f"""\
ClusterName={plan.name}
SlurmctldHost={plan.host}(127.0.0.1)
SlurmctldPort={ports["slurmctld"]}
SlurmUser=slurm
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={plan.munge_socket}
CredType=cred/munge
AuthAltTypes=auth/jwt
AuthAltParameters=jwt_key={plan.jwt_key}
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
StateSaveLocation={plan.folder}/ctld
SlurmdSpoolDir={plan.folder}/spool/%n
SlurmctldPidFile={plan.folder}/pid/slurmctld.pid
SlurmdPidFile={plan.folder}/pid/slurmd.%n.pid
SlurmctldLogFile={plan.folder}/log/slurmctld.log
SlurmdLogFile={plan.folder}/log/slurmd.%n.log
SlurmctldDebug=info
SlurmdDebug=info
ProctrackType=proctrack/cgroup
TaskPlugin=task/cgroup
JobAcctGatherType=jobacct_gather/cgroup
JobAcctGatherFrequency=task=2
# an extern step keeps the job's cgroup on every node of the job from its start to its end
PrologFlags=Contain
MpiDefault=none
ReturnToService=2
SlurmdParameters=config_overrides
SchedulerType=sched/backfill
SchedulerParameters=sched_interval=2,bf_interval=2,batch_sched_delay=0,sched_min_interval=0
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
DefMemPerCPU=250
MinJobAge=3600
KillWait=2
InactiveLimit=0
SlurmctldTimeout=60
SlurmdTimeout=60
TCPTimeout=5
MessageTimeout=20
GresTypes=gpu
AccountingStorageType=accounting_storage/slurmdbd
AccountingStorageHost=127.0.0.1
AccountingStoragePort={ports["slurmdbd"]}
AccountingStoragePass={plan.munge_socket}
AccountingStorageEnforce=associations
AccountingStorageTRES=gres/gpu,gres/gpu:a100
AccountingStoreFlags=job_comment,job_script
{_nodes(plan)}{_partitions(plan)}"""


def _nodes(plan: Plan) -> str:
    return "".join(
        f"NodeName={node.name} NodeHostname=localhost NodeAddr=127.0.0.1 Port={node.port} CPUs={node.kind.cpus}"
        f" Boards=1 SocketsPerBoard=2 CoresPerSocket={node.kind.cpus // 2} ThreadsPerCore=1"
        f" RealMemory={node.kind.memory_mib} Feature={node.kind.name}{_gres(node)} State=UNKNOWN\n"
        for node in plan.nodes
    )


def _gres(node: Node) -> str:
    return f" Gres=gpu:a100:{node.kind.gpus}" if node.kind.gpus else ""


def _partitions(plan: Plan) -> str:
    extra = {"cpu": " Default=YES", "shared": " OverSubscribe=FORCE:4"}
    return "".join(
        f"PartitionName={partition} Nodes={','.join(node.name for node in nodes)}"
        f" MaxTime=1-00:00:00 DefaultTime=01:00:00 State=UP{extra.get(partition, '')}\n"
        for partition, nodes in groupby(plan.nodes, key=lambda node: node.partition)
    )


def gres_conf(plan: Plan) -> str:
    """gres.conf. `File=` must be a device node, else CUDA_VISIBLE_DEVICES is never set."""
    return "".join(
        f"NodeName={node.name} Name=gpu Type=a100 File={plan.folder}/dev/nvidia[0-{node.kind.gpus - 1}]\n"
        for node in plan.nodes
        if node.kind.gpus
    )


def cgroup_conf() -> str:
    """cgroup.conf: jobs are counted, never constrained."""
    return """\
CgroupPlugin=cgroup/v1
CgroupAutomount=no
CgroupMountpoint=/sys/fs/cgroup
ConstrainCores=no
ConstrainRAMSpace=no
ConstrainDevices=no
"""


def slurmdbd_conf(plan: Plan) -> str:
    """slurmdbd.conf. It needs NoInAddrAny of its own to stay on loopback."""
    return f"""\
AuthType=auth/munge
AuthInfo=socket={plan.munge_socket}
AuthAltTypes=auth/jwt
AuthAltParameters=jwt_key={plan.jwt_key}
DbdHost=localhost
DbdAddr=127.0.0.1
DbdPort={plan.ports["slurmdbd"]}
CommunicationParameters=NoInAddrAny
SlurmUser=slurm
DebugLevel=info
LogFile={plan.folder}/log/slurmdbd.log
PidFile={plan.folder}/pid/slurmdbd.pid
StorageType=accounting_storage/mysql
StorageHost=127.0.0.1
StoragePort={plan.ports["mariadb"]}
StorageUser=slurm
StoragePass=slurm
StorageLoc=slurm_acct_db
"""
