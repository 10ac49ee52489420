/**
 * Prints what hardly changes as JSON. Run as a child, once per start of the agent: systeminformation costs 12 MB
 * of memory and starts a dozen programs, which an idle agent must not carry (measured by scripts/bench).
 */
import { cpu, mem, osInfo, system } from 'systeminformation';

const [machine, os, processor, memory] = await Promise.all([system(), osInfo(), cpu(), mem()]);
process.stdout.write(
  JSON.stringify({
    model: `${machine.manufacturer} ${machine.model}`.trim(),
    os: `${os.distro} ${os.release}`.trim(),
    kernel: os.kernel,
    cpu: `${processor.manufacturer} ${processor.brand}`.trim(),
    cores: processor.cores,
    memoryBytes: memory.total,
  }),
);
