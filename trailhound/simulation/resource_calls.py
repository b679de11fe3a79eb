"""Everyday calls on resources: storage, computing, databases, operations.

Most are made by AWS services, which is why a service's name is so often the source address.
"""

from trailhound.simulation.calls import Resources, Row, each
from trailhound.simulation.records import Call, Fields

_BUCKET: Resources = (("AWS::S3::Bucket", "arn:aws:s3:::<bucket>"),)


def resource_calls() -> list[Call]:
    """Return the calls; with `access_calls`, their weights add up to about 1000."""
    return [*_storage(), *_compute(), *_databases(), *_operations(), *_large()]


def _storage() -> list[Call]:
    extra = {
        "SignatureVersion": "SigV4",
        "CipherSuite": "TLS_AES_128_GCM_SHA256",
        "bytesTransferredIn": 0,
        "AuthenticationMethod": "AuthHeader",
        "x-amz-id-2": "wm8vZ0rJm4K3yXq0hC2bN1dPzT7uE5aL9sRkQxYf6GoHiVjMcWn2<tail>==",
        "bytesTransferredOut": 568,
    }
    host = {"bucketName": "<bucket>", "Host": "s3.<region>.amazonaws.com"}
    settings = (
        "GetBucketVersioning GetBucketTagging GetBucketPolicy GetBucketLocation GetBucketLogging "
        "GetBucketEncryption GetBucketNotification GetBucketPublicAccessBlock GetBucketAcl"
    )
    unset = "GetBucketCors GetBucketWebsite GetBucketLifecycle GetBucketReplication"
    missing = ("NoSuchConfiguration", "The configuration does not exist")
    thing = {**host, "key": "<object>"}
    resources = (*_BUCKET, ("AWS::S3::Object", "arn:aws:s3:::<bucket>/<object>"))
    settings_calls = [
        *each("s3", settings, "linked:config", 110, host, extra=extra, resources=_BUCKET),
        *each("s3", settings, "user", 14, host, extra=extra, resources=_BUCKET, error_share=0.05),
    ]
    unset_calls = each(
        "s3",
        unset,
        "linked:config",
        40,
        host,
        extra=extra,
        resources=_BUCKET,
        error=missing,
        error_share=0.4,
    )
    objects = each(
        "s3",
        "GetObject PutObject HeadObject",
        "workload",
        40,
        thing,
        extra=extra,
        resources=resources,
        error_share=0.02,
        data=True,
    )
    delivered = each(
        "s3", "GetBucketAcl", "service:cloudtrail", 35, host, extra=extra, resources=_BUCKET
    )
    return settings_calls + unset_calls + objects + delivered


def _compute() -> list[Call]:
    described = (
        "DescribeInstances DescribeSecurityGroups DescribeSubnets DescribeVpcs DescribeVolumes "
        "DescribeRouteTables DescribeNetworkInterfaces DescribeNetworkAcls DescribeImages"
    )
    found = {"instancesSet": {"items": [{"instanceId": "<instance>"}]}, "filterSet": {}}
    by_vpc = {"filterSet": {"items": [{"name": "vpc-id", "valueSet": {"items": ["<vpc>"]}}]}}
    group = (
        "arn:aws:elasticloadbalancing:<region>:<account>:targetgroup/<function>/6d0ecf831eec9f09"
    )
    targets = {"targetGroupArn": group, "targets": []}
    invoked = {"functionName": "arn:aws:lambda:<region>:<account>:function:<function>"}
    function = (("AWS::Lambda::Function", invoked["functionName"]),)
    scaling = "linked:autoscaling"
    asked: tuple[Row, ...] = (
        ("ec2", described, "linked:config", 45, by_vpc),
        ("ec2", described, "linked:trustedadvisor", 25, by_vpc),
        ("ec2", "DescribeInstanceStatus DescribeInstances", scaling, 40, found),
        ("ec2", "CreateTags TerminateInstances", scaling, 3, found),
        ("elasticloadbalancing", "DescribeTargetHealth", scaling, 25, targets),
        ("elasticloadbalancing", "RegisterTargets", "linked:ecs", 6, targets),
        ("ec2", described, "console", 9, {"maxResults": 1000, **found}),
        ("lambda", "ListFunctions20150331", "console", 3, {"maxItems": 50}),
        ("lambda", "GetFunction20150331v2", "user", 5, invoked),
        ("cloudformation", "DescribeStacks", "user", 8, {"stackName": "<stack>"}),
    )
    calls = [call for row in asked for call in each(*row)]
    for service, weight in (("events", 22), ("sns", 12), ("apigateway", 16)):
        calls += each(
            "lambda",
            "Invoke",
            f"service:{service}",
            weight,
            invoked,
            resources=function,
            data=True,
        )
    return calls + each("ec2", described, "user", 22, by_vpc, error_share=0.06)


def _databases() -> list[Call]:
    table = {"tableName": "<table>"}
    resources = (("AWS::DynamoDB::Table", "arn:aws:dynamodb:<region>:<account>:table/<table>"),)
    item = {"tableName": "<table>", "key": {"id": "HIDDEN_DUE_TO_SECURITY_REASONS"}}
    described = "DescribeDBInstances DescribeDBClusters DescribeDBSnapshots ListTagsForResource"
    instance = {"dBInstanceIdentifier": "<db>"}
    throttled = ("ThrottlingException", "Rate exceeded")
    return [
        *each("dynamodb", "DescribeTable", "linked:autoscaling", 22, table, resources=resources),
        *each(
            "dynamodb",
            "GetItem PutItem Query UpdateItem",
            "workload",
            30,
            item,
            resources=resources,
            data=True,
        ),
        *each("rds", described, "linked:config", 22, instance),
        *each("rds", described, "user", 7, instance, error=throttled, error_share=0.08),
        *each("rds", "DescribeDBInstances DescribeDBClusters", "console", 2, {"maxRecords": 100}),
    ]


def _operations() -> list[Call]:
    name = {"name": "<parameter>", "withDecryption": True}
    secret = {"secretId": "arn:aws:secretsmanager:<region>:<account>:secret:<secret>"}
    stream = {"logGroupName": "/aws/lambda/<function>", "logStreamName": "2024/03/[1]<tail>"}
    agent = {
        "instanceId": "<instance>",
        "agentVersion": "3.2.2303.0",
        "agentStatus": "Active",
        "platformType": "Linux",
        "platformName": "Amazon Linux",
        "computerName": "ip-10-0-1-10.ec2.internal",
    }
    asked: tuple[Row, ...] = (
        ("logs", "CreateLogStream", "workload", 25, stream),
        ("logs", "DescribeLogGroups", "linked:config", 6, {"limit": 50}),
        ("monitoring", "DescribeAlarms", "linked:autoscaling", 14, {"maxRecords": 100}),
        ("ssm", "UpdateInstanceInformation", "workload", 18, agent),
        ("xray", "GetSamplingRules", "workload", 6, None),
        ("ecr", "GetAuthorizationToken BatchGetImage", "workload", 7, None),
        ("cloudtrail", "DescribeTrails GetTrailStatus", "linked:config", 8, None),
        ("cloudtrail", "LookupEvents", "console", 3, {"maxResults": 50}),
        ("tagging", "GetResources", "cli", 3, {"resourcesPerPage": 100}),
        ("organizations", "DescribeOrganization ListAccounts", "cli", 2, None),
    )
    calls = [call for row in asked for call in each(*row)]
    calls += each("ssm", "GetParameter GetParameters", "workload", 14, name, error_share=0.03)
    calls += each("secretsmanager", "GetSecretValue", "workload", 12, secret, error_share=0.03)
    for source, event in (
        ("secretsmanager", "EndSecretVersionDelete"),
        ("ec2", "SharedSnapshotVolumeCreated"),
        ("kms", "RotateKey"),
    ):
        calls.append(Call(source, event, f"nobody:{source}", 1, event_type="AwsServiceEvent"))
    return calls


def _large() -> list[Call]:
    """Return calls whose records are large: a few of a thousand, up to some 60 KB."""

    def evaluations(count: int) -> Fields:
        one = {
            "complianceResourceType": "AWS::EC2::Instance",
            "complianceResourceId": "<instance>",
            "complianceType": "COMPLIANT",
            "orderingTimestamp": "<time>",
        }
        return {"evaluations": [one] * count, "resultToken": "HIDDEN_DUE_TO_SECURITY_REASONS"}

    shares = {8: 3.0, 25: 1.8, 40: 1.2, 100: 0.2, 320: 0.1}
    return [
        Call("config", "PutEvaluations", "workload", share, evaluations(count))
        for count, share in shares.items()
    ]
