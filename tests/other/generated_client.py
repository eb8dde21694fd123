"""Drives the daemon with a client that was generated from its description: upload, wait, export.

Usage: generated_client.py CLIENT_DIRECTORY BASE_URL TOKEN LIST
"""

import csv
import io
import pathlib
import sys
import time

directory, base_url, token, path = sys.argv[1:]
sys.path.insert(0, directory)

from batchdesk_client import AuthenticatedClient  # noqa: E402
from batchdesk_client.api.jobs import get_check_job_status, get_jobs_id_export, post_jobs  # noqa: E402
from batchdesk_client.models import Imported, ListForm, Problem  # noqa: E402
from batchdesk_client.types import File  # noqa: E402

client = AuthenticatedClient(base_url=base_url, token=token)


def upload(content: bytes):
    file = File(payload=io.BytesIO(content), file_name="list.csv", mime_type="text/csv")
    return post_jobs.sync(client=client, body=ListForm(file=file, name="From a generated client"))


refused = upload(b"name,city\nA,B\n")
assert isinstance(refused, Problem) and refused.code == "no_url_column", refused

job = upload(pathlib.Path(path).read_bytes())
assert isinstance(job, Imported), job
assert job.total_practices == 3, job

deadline = time.monotonic() + 60
while True:
    status = get_check_job_status.sync(client=client, job_id=job.job_id)
    if status.status == "completed":
        break
    assert time.monotonic() < deadline, status
    time.sleep(0.05)
assert status.counts.aggregated == 3, status

export = get_jobs_id_export.sync_detailed(client=client, id=job.job_id)
rows = list(csv.DictReader(io.StringIO(export.content.decode())))
assert [row["status"] for row in rows] == ["aggregated"] * 3, rows
print("rows", len(rows))
