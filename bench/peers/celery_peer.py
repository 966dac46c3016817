"""Celery's side of the fan-out bench: a Redis of its own without persistence, two prefork processes, results stored."""
import json, os, subprocess, sys, tempfile, time

PORT = 16399
from celery import Celery, group

app = Celery("celery_peer", broker=f"redis://127.0.0.1:{PORT}/0", backend=f"redis://127.0.0.1:{PORT}/1")
app.conf.update(task_serializer="json", result_serializer="json", worker_prefetch_multiplier=64, worker_hijack_root_logger=False)


@app.task
def noop(i):
    return i


def main(jobs):
    with tempfile.TemporaryDirectory() as folder:
        redis = subprocess.Popen(["redis-server", "--port", str(PORT), "--save", "", "--appendonly", "no", "--dir", folder], stdout=subprocess.DEVNULL)
        time.sleep(0.5)
        env = {**os.environ, "C_FORCE_ROOT": "1", "PYTHONPATH": os.path.dirname(os.path.abspath(__file__))}
        worker = subprocess.Popen([sys.executable, "-m", "celery", "-A", "celery_peer", "worker", "-c", "2", "-l", "ERROR"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=env)
        try:
            noop.delay(1).get(timeout=30)
            rates = []
            for _ in range(3):
                began = time.time()
                results = [noop.delay(i) for i in range(jobs)]
                for result in results:
                    result.get(timeout=120)
                rates.append(jobs / (time.time() - began))
            print(json.dumps(rates))
        finally:
            worker.terminate()
            worker.wait(10)
            redis.terminate()


if __name__ == "__main__":
    main(int(sys.argv[1]))
