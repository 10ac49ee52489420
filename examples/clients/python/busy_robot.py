"""A robot application that is busy for a while: python3 busy_robot.py SOCKET SECONDS [SAFE_STATE_PORT]."""

import sys
import time

from fairlead_client import Agent, serve_safe_state

agent = Agent(sys.argv[1])
seconds = float(sys.argv[2])
if len(sys.argv) > 3:
    serve_safe_state(
        int(sys.argv[3]),
        may_switch=lambda question: print("may it switch to", question["to"], flush=True),
        over=lambda outcome: print("over:", outcome, flush=True),
    )

with agent.busy("navigation", "mapping run", seconds=3):
    print("busy:", agent.leases()[0]["reason"], flush=True)
    time.sleep(seconds)
agent.post_facts(docked=True, standingStill=True, batteryPercent=90)
print("free", flush=True)
if len(sys.argv) > 3:
    time.sleep(60)
