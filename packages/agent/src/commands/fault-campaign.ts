/** `fairlead-agent fault-campaign`: proof on this very machine that no power cut and no kill costs a robot its release. */
import type { Command } from 'commander';

export function addFaultCampaign(program: Command): void {
  program
    .command('fault-campaign-disk <order>', { hidden: true })
    .description('The recorded disk of a campaign; the campaign starts it')
    .action(async (order: string) => {
      const { serveRecordedDisk } = await import('../fault-campaign/disk/serve-recorded-disk.ts');
      serveRecordedDisk(JSON.parse(order));
    });
}
