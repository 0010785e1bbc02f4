"""Proof that training goes on from where it was killed: warm start, training, SIGKILL in the middle of a step, training to its end.

A minute of one core, in a folder of its own that is removed. Ends with a line that says so, or with an error.
"""
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import torch

HERE = Path(__file__).resolve().parent
SHORT = ["--stages", "2x2@9-9:1", "--every", "5"]


def start(run, minutes):
    return subprocess.Popen([sys.executable, HERE / "train.py", "--run", run, "--minutes", str(minutes), *SHORT])


def steps_of(run):
    log = run / "video.log"
    return [int(n) for n in re.findall(r" step (\d+) ", log.read_text())] if log.exists() else []


def main():
    with tempfile.TemporaryDirectory() as folder:
        run = Path(folder)
        subprocess.run([sys.executable, HERE / "warm_start.py", "--run", run], check=True)
        killed = start(run, 60)
        while len(steps_of(run)) < 2:
            assert killed.poll() is None, "training ended by itself"
            time.sleep(0.2)
        time.sleep(2.5)  # in the middle of steps that no checkpoint has
        killed.send_signal(signal.SIGKILL)
        killed.wait()
        before = torch.load(run / "video.pt")
        counted = len(steps_of(run))
        # The schedule counts from the first start, which the checkpoint carries: half a minute of it is left.
        again = start(run, (time.time() - before["start"] + 30) / 60)
        assert again.wait() == 0
        after = torch.load(run / "video.pt")
        later = steps_of(run)[counted:]
        assert after["start"] == before["start"]
        assert before["step"] < later[0] <= later[-1] == after["step"], (before["step"], later)
        moments = [state["exp_avg"].abs().sum().item() for state in before["adam"]["state"].values()]
        assert moments and min(moments) >= 0 and max(moments) > 0
        assert any(not torch.equal(before["ema"][k], after["ema"][k]) for k in before["ema"])
        print(f"killed after step {before['step']}, went on to step {after['step']}: training resumes")


if __name__ == "__main__":
    main()
