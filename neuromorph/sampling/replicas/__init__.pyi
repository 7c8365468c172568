from .protocol import KERNELS, Generator, Replicas, Update, replicas

__all__ = ["KERNELS", "Generator", "Replicas", "Update", "replicas"]
