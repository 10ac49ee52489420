#!/bin/sh
# fairlead-agent: the command line; it asks the running agent over its socket, whichever release that is.
exec /usr/lib/fairlead/agent/bin/node /usr/lib/fairlead/agent/lib/main.js "$@"
