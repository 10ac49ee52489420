#!/bin/sh
# fairlead: the command line of operators and policy engineers; `fairlead server` runs a control plane.
exec /usr/lib/fairlead/control-plane/bin/node /usr/lib/fairlead/control-plane/lib/fairlead.js "$@"
