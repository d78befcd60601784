import asyncio, json, nats

KEYS = {"k-7f3a91": "alice"}

async def main():
    nc = await nats.connect("nats://127.0.0.1:4222")
    async for message in (await nc.subscribe("sluice.v1.auth.*", queue="auth")).messages:
        who = KEYS.get(json.loads(message.data)["credentials"]["query"].get("key"))
        await message.respond(json.dumps({"decision": "allow", "principal": who} if who else {"decision": "deny"}).encode())

asyncio.run(main())
