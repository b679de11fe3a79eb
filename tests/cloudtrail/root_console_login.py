from trailhound.testing import ACCOUNT, ROLE, ROOT, USER, fires, quiet, record, sign_in

CASES = [
    fires(
        "root with MFA",
        sign_in("Success", mfa="Yes"),
        entity=f"arn:aws:iam::{ACCOUNT}:root",
        says=f"arn:aws:iam::{ACCOUNT}:root signed in to the console; MFA used: Yes",
    ),
    fires("root without MFA", sign_in("Success"), says="MFA used: No"),
    fires(
        "root, nothing said about MFA",
        sign_in("Success", additionalEventData=None),
        says="MFA used: unknown",
    ),
    fires(
        "root without an arn",
        sign_in("Success", by={"type": "Root", "accountId": ACCOUNT}),
        entity=ACCOUNT,
    ),
    fires(
        "a sign-in that worked in spite of a message: the answer alone decides",
        sign_in("Success", errorMessage="Something else"),
    ),
    quiet("root, refused", sign_in("Failure")),
    quiet("root, refused without a message", sign_in("Failure", errorMessage=None)),
    quiet("an IAM user", sign_in("Success", by=USER)),
    quiet("an IAM user of that name", sign_in("Success", by={**USER, "userName": "root"})),
    quiet("a role", sign_in("Success", by=ROLE)),
    quiet("nobody known", sign_in("Success", by={})),
    quiet("no answer", sign_in("Success", responseElements=None)),
    quiet("an answer in other words", sign_in("Success", responseElements={"ConsoleLogin": "OK"})),
    quiet(
        "root, asked for its second factor",
        record("signin", "CheckMfa", by=ROOT, responseElements={"CheckMfa": "Success"}),
    ),
    quiet("root that changes its role", sign_in("Success", eventName="SwitchRole")),
    quiet(
        "the same name at another service",
        sign_in("Success", eventSource="sso.amazonaws.com"),
    ),
]
