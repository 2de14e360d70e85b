import subprocess

subprocess.Popen(["sleep", "600"], start_new_session=True)
raise RuntimeError("the helper does not know of it")
