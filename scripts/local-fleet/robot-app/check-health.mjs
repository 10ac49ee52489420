// Asks the application on this robot's own port whether it is well; exit code 1 where it is not.
// A command and not an `http` check, because three robots on one machine can't share one port.
try {
  const reply = await fetch(`http://127.0.0.1:${process.env.ROBOT_PORT}/health`, { signal: AbortSignal.timeout(2000) });
  const health = await reply.json();
  if (!reply.ok) process.stderr.write(`the robot lacks ${health.needs}\n`);
  process.exitCode = reply.ok ? 0 : 1;
} catch (error) {
  process.stderr.write(`no answer: ${error.message}\n`);
  process.exitCode = 1;
}
