"""An SQS handler after the Lambda documentation, "Reporting batch item failures"."""
import json


def lambda_handler(event, context):
    batch_item_failures = []
    for record in event["Records"]:
        try:
            order = json.loads(record["body"])
            if order["items"] == 0:
                raise ValueError(f"order {order['number']} has no items")
            print(f"shipped {order['number']}")
        except Exception:
            batch_item_failures.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": batch_item_failures}
