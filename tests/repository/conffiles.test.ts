/**
 * What the packages put into /etc is changed on every robot: an enrollment writes agent.yaml, and its integrator services.allow.
 * Where a new version ships another text, dpkg asks a person which one to keep. With nobody there it stops behind the prerm,
 * with the agent stopped and the package unpacked only. So these texts stay as they were released; explain in man pages.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sha256Hex } from '@fairlead/shared/trust/digest';
import { expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');
const RELEASED = {
  'packages/agent/etc/agent.yaml': '1fb63a2f18d584fa9ae78bb3a7fd55524a1057c9068c3cbab4bafa4404abca47',
  'packages/agent/etc/services.allow': 'f668835176403a4cac918abd397cc9f3331b72311e9d83be61040b6d143914ca',
  'packages/control-plane/etc/control-plane.yaml': 'a5e7515bfbea68e376c5826c7e37b48d8ca9ae15560934c3a6ece53d4601c88a',
};

test('an upgrade that nobody watches is asked nothing: the files of /etc are shipped as they were before', () => {
  const shipped = ['packages/agent/etc', 'packages/control-plane/etc'].flatMap((folder) =>
    readdirSync(join(ROOT, folder)).map((name) => `${folder}/${name}`),
  );
  const digests = shipped.map((file) => [file, sha256Hex(readFileSync(join(ROOT, file)))]);
  expect(Object.fromEntries(digests)).toEqual(RELEASED);
});
