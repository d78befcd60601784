import hashlib, hmac, json, os, re, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

secret = os.environ["WEBHOOK_SECRET"].encode()
# Ids that were taken; keep them where they outlive a restart, for as long as `retryFor` says.
seen = set()


def is_signed(header, body):
    """Whether the body is from Sluice, and not from long ago."""
    match = re.fullmatch(r"t=(\d+),v1=([0-9a-f]{64})", header or "")
    if match is None or abs(time.time() - int(match[1])) > 300:
        return False
    expected = hmac.new(secret, match[1].encode() + b"." + body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected, match[2])


class Receiver(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        signed = is_signed(self.headers["sluice-signature"], body)
        if signed and self.headers["webhook-id"] not in seen:
            event = json.loads(body)
            print(event["type"], event["subject"], event["data"].get("reason", ""), flush=True)
            # Only what is done is remembered: a failure before this line has it posted again.
            seen.add(self.headers["webhook-id"])
        self.send_response(204 if signed else 403)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


ThreadingHTTPServer(("127.0.0.1", 9100), Receiver).serve_forever()
