"""What there is in the simulated organisation: account ids, regions, resource and program names.

Nothing here exists: addresses come from ranges reserved for documentation and for shared use, keys
and ids from the seeded generator.
"""

import string
from collections.abc import Sequence
from random import Random
from typing import TypeVar

T = TypeVar("T")

REGIONS = ("us-east-1", "eu-west-1", "us-west-2")
REGION_WEIGHTS = (70, 20, 10)
EXTERNAL_ACCOUNTS = ("111122223333", "444455556666", "777788889999")
"""Accounts outside the organisation: partners, and those an attacker shares things with."""

CLI = (
    "aws-cli/2.15.24 md/awscrt#0.19.19 ua/2.0 os/linux#5.15.0 md/arch#x86_64 lang/python#3.11.6 "
    "md/pyimpl#CPython cfg/retry-mode#standard md/installer#exe md/prompt#off"
)
BROWSERS = (
    "Mozilla/5.0 (X11; Linux x86_64; rv:123.0) Gecko/20100101 Firefox/123.0",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/122.0.0.0 Safari/537.36",
)
TERRAFORM = (
    "APN/1.0 HashiCorp/1.0 Terraform/1.7.4 (+https://www.terraform.io) "
    "terraform-provider-aws/5.39.0 (+https://registry.terraform.io/providers/hashicorp/aws) "
    "aws-sdk-go-v2/1.25.2 os/linux lang/go#1.21.6 md/GOOS#linux md/GOARCH#amd64 api/ec2#1.149.1"
)
SDKS = (
    "Boto3/1.34.49 md/Botocore#1.34.49 ua/2.0 os/linux#5.10.209-198.858.amzn2.x86_64 "
    "md/arch#x86_64 lang/python#3.12.1 md/pyimpl#CPython exec-env/AWS_Lambda_python3.12 "
    "cfg/retry-mode#legacy Botocore/1.34.49",
    "aws-sdk-go/1.50.9 (go1.21.6; linux; amd64) amazon-ssm-agent/3.2.2303.0",
    "aws-sdk-java/2.24.9 Linux/5.10.209-198.858.amzn2.x86_64 OpenJDK_64-Bit_Server_VM/17.0.10+7-LTS"
    " Java/17.0.10 vendor/Amazon.com_Inc. io/sync http/Apache cfg/retry-mode/legacy",
)
PEOPLE = ("alice.meyer", "bruno.costa", "chen.wei", "dana.novak", "emil.berg", "fatima.khan")
USERS = ("terraform", "deploy-bot", "backup-agent", "metrics-exporter", "legacy-app", "tom.young")
ROLES = (
    "acme-orders-api",
    "acme-ingest-worker",
    "acme-report-builder",
    "acme-web-frontend",
    "acme-image-resizer",
)
_SYMBOLS = string.ascii_uppercase + "234567"


def pick(rng: Random, choices: Sequence[T]) -> T:
    """Return one of `choices`; as `Random.choice`, in a third of its time."""
    return choices[int(rng.random() * len(choices))]


def unique_id(rng: Random, prefix: str) -> str:
    """Return an id of AWS's form: AKIA.., ASIA.. (keys) have 20 characters, others 21."""
    length = 16 if prefix in ("AKIA", "ASIA") else 17
    return prefix + "".join(rng.choices(_SYMBOLS, k=length))


def account_ids(rng: Random, count: int) -> tuple[str, ...]:
    """Return distinct account ids: 12 digits, every third with leading zeros."""
    ids: dict[str, None] = {}
    while len(ids) < count:
        low, high = (8, 10) if len(ids) % 3 == 0 else (11, 12)
        ids[f"{rng.randrange(10 ** (low - 1), 10**high):012d}"] = None
    return tuple(ids)


def names(rng: Random) -> dict[str, str]:
    """Return one resource name of each kind, for the places of a call."""

    def hexadecimal(prefix: str) -> str:
        return f"{prefix}0{rng.getrandbits(64):016x}"

    return {
        "bucket": pick(rng, ("acme-data-lake", "acme-trail", "acme-assets", "acme-terraform-state"))
        + "-<account>-<region>",
        "object": f"raw/events/dt=2024-03-01/part-{rng.randrange(10_000):05d}.snappy.parquet",
        "function": pick(rng, ("orders-handler", "thumbnailer", "nightly-report", "auth-hook")),
        "key": f"{rng.getrandbits(32):08x}-5e2c-4d1b-9c7a-{rng.getrandbits(48):012x}",
        "instance": hexadecimal("i-"),
        "volume": hexadecimal("vol-"),
        "vpc": hexadecimal("vpc-"),
        "subnet": hexadecimal("subnet-"),
        "group": hexadecimal("sg-"),
        "acl": hexadecimal("acl-"),
        "endpoint": hexadecimal("vpce-"),
        "table": pick(rng, ("orders", "customers", "sessions", "inventory")),
        "db": pick(rng, ("orders-prod", "billing-prod", "analytics-replica", "crm-stage")),
        "role": pick(rng, ROLES),
        "user": pick(rng, USERS),
        "secret": f"prod/{pick(rng, ('db', 'api', 'smtp'))}-{rng.getrandbits(24):06x}",
        "parameter": f"/prod/{pick(rng, ROLES)}/{pick(rng, ('url', 'level', 'limits'))}",
        "stack": f"acme-{pick(rng, ('network', 'storage', 'api', 'monitoring'))}",
        "queue": pick(rng, ("orders-dlq", "mail-out", "thumbnail-jobs")),
    }
