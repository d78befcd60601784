package main

import (
	"encoding/json"
	"fmt"
	"log"

	"github.com/nats-io/nats.go"
)

type event struct {
	Time, Type, Subject string
	Data                struct{ Reason string }
}

func main() {
	nc, err := nats.Connect("nats://127.0.0.1:4222")
	if err != nil {
		log.Fatal(err)
	}
	js, err := nc.JetStream()
	if err != nil {
		log.Fatal(err)
	}
	// One at a time, so that none can overtake another.
	subscription, err := js.PullSubscribe("sluice.v1.evt.>", "go-consumer", nats.BindStream("SLUICE_EVENTS"), nats.MaxAckPending(1))
	if err != nil {
		log.Fatal(err)
	}
	for {
		messages, err := subscription.Fetch(1)
		if err == nats.ErrTimeout {
			continue // Nothing has happened for a while.
		}
		if err != nil {
			log.Fatal(err)
		}
		for _, message := range messages {
			var e event
			if err := json.Unmarshal(message.Data, &e); err != nil {
				log.Fatal(err)
			}
			fmt.Println(e.Time, e.Type, e.Subject, e.Data.Reason)
			// Only what is done is acknowledged: after a crash before this line the event comes again, with the same id.
			message.Ack()
		}
	}
}
