"""Verify what `isms audit export` wrote: python verify_chain.py EXPORT.jsonl [CHECKPOINTS.jsonl]"""

import fileinput
import json
import sys
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


def check(place: str, problem: str, good: object) -> None:
    """End at the first thing that is wrong."""
    if not good:
        sys.exit(f"NOT INTACT, {place}: {problem}")


def signed(key: str, signature: str, message: str) -> bool:
    """Whether the holder of `key` signed `message`."""
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(key)).verify(bytes.fromhex(signature), message.encode())
    except (InvalidSignature, ValueError):
        return False
    return True


hashes, keys, checkpoints, header = ["0" * 64], [(0, "none")], [], {}
for line in map(json.loads, fileinput.input(encoding="utf-8")):  # noqa: SIM115 - the script ends with it
    if "body" in line:
        place, made = f"record {len(hashes)}", sha256(b"\0" + line["body"].encode(errors="replace")).hexdigest()
        check(place, "it is missing, or out of order", line["seq"] == len(hashes))
        check(place, "its bytes changed", made == line["hash"])
        record = json.loads(line["body"])
        check(place, "it is another's", record["seq"] == line["seq"])
        check(place, "it doesn't follow from the record before it", record["prev"] == hashes[-1])
        for field, kept in line.get("private", {}).items():  # null: erased
            made = kept and sha256(bytes.fromhex(kept["salt"]) + kept["value"].encode()).hexdigest()
            check(place, f"the value of {field} changed", made in (None, record["private"].get(field, "")))
        if record["kind"] in ("chain.keyed", "chain.rotated"):
            old, new, signature = (record["data"].get(name, "") for name in ("old", "key", "signature"))
            good = old == keys[-1][1] and signed(old, signature, f"isms-rotate:1:{old}:{new}")
            check(place, "the key before didn't sign for the new one", good or len(keys) == 1)
            keys.append((record["seq"], new))
        hashes.append(line["hash"])
    elif "export" in line:
        header = line
    else:
        checkpoints.append(line.get("checkpoint", line))
check("the end", "records were cut off", (header.get("size"), header.get("head")) == (len(hashes) - 1, hashes[-1]))
for each in checkpoints:
    place, size = f"the checkpoint of {each['at']}", each["size"]
    check(place, "the chain was cut short", size < len(hashes))
    check(place, "the history before it was rewritten", hashes[size] == each["head"])
    check(place, "its key wasn't the chain's", each["key"] == [key for seq, key in keys if seq <= size][-1])
    text = f"isms-checkpoint:1:{size}:{each['head']}:{each['at']}:{each['key']}"
    check(place, "its signature is wrong", signed(each["key"], each["signature"], text))
print(f"INTACT: {len(hashes) - 1} records, {len(checkpoints)} checkpoints, last hash {hashes[-1]}")
print(f"Compare the first key with the one you were given: {keys[min(1, len(keys) - 1)][1]}")
