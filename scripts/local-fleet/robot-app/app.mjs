// The application of a pretended robot, shipped inside every release: it knows its own folder and a port.
// Plain JavaScript without dependencies, as robots get it.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';

const read = (name) => readFileSync(new URL(name, import.meta.url));
const robot = JSON.parse(read('robot.json'));
const policySha256 = createHash('sha256').update(read('policy.onnx')).digest('hex');

createServer((_, response) => {
  // A release may need what this robot does not have: then it starts, and says so when it is asked.
  const ok = robot.needs === undefined;
  response.writeHead(ok ? 200 : 503, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ ok, ...robot, policySha256, pid: process.pid }));
}).listen(Number(process.env.ROBOT_PORT), process.env.ROBOT_ADDRESS ?? '127.0.0.1');

if (robot.crashAfterMs !== undefined) setTimeout(() => process.exit(1), robot.crashAfterMs);

// An arm has to be parked before the power goes: stopping takes its time.
process.on('SIGTERM', () => setTimeout(() => process.exit(0), robot.parkMs ?? 0));
