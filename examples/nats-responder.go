package main

import (
	"encoding/json"

	"github.com/nats-io/nats.go"
)

func main() {
	keys := map[string]string{"k-7f3a91": "alice"}
	nc, err := nats.Connect("nats://127.0.0.1:4222")
	if err != nil {
		panic(err)
	}
	nc.QueueSubscribe("sluice.v1.auth.*", "auth", func(message *nats.Msg) {
		var request struct {
			Credentials struct{ Query map[string]string }
		}
		reply := map[string]string{"decision": "deny"}
		if json.Unmarshal(message.Data, &request) == nil {
			if who, known := keys[request.Credentials.Query["key"]]; known {
				reply = map[string]string{"decision": "allow", "principal": who}
			}
		}
		body, _ := json.Marshal(reply)
		message.Respond(body)
	})
	select {}
}
