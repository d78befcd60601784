import asyncio, json
import nats
from nats.errors import TimeoutError
from nats.js.api import ConsumerConfig


async def main():
    nc = await nats.connect("nats://127.0.0.1:4222")
    # One at a time, so that none can overtake another.
    config = ConsumerConfig(max_ack_pending=1)
    subscription = await nc.jetstream().pull_subscribe(
        "sluice.v1.evt.>", durable="python-consumer", stream="SLUICE_EVENTS", config=config
    )
    while True:
        try:
            messages = await subscription.fetch(1, timeout=30)
        except TimeoutError:
            continue  # Nothing has happened for half a minute.
        for message in messages:
            event = json.loads(message.data)
            print(event["time"], event["type"], event["subject"], event["data"].get("reason", ""), flush=True)
            # Only what is done is acknowledged: after a crash before this line the event comes again, with the same id.
            await message.ack()


asyncio.run(main())
