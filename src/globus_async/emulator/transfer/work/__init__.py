"""The execution of tasks: the task runner, and what transfers and deletes do."""
