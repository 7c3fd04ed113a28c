"""The same question of all inputs of a file, in parts that are kept one by one."""

from explainers.service.tasks.many import explain_many, find_cues, predict_many

__all__ = ["explain_many", "find_cues", "predict_many"]
