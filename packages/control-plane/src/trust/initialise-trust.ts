/** The one moment in which a control plane is told whom to believe: the first root, made and signed elsewhere. */
import type { publishApi } from '@fairlead/shared/api/publish-api';
import { checkFirstRepository } from '@fairlead/shared/trust/check-first-repository';
import { sha256Hex } from '@fairlead/shared/trust/digest';
import { asTargetName } from '@fairlead/shared/trust/names';
import type { FirstRepository } from '@fairlead/shared/trust/repository';
import type { Handlers } from '../http/handlers.ts';
import { problem } from '../http/problem.ts';
import { refusedProblem } from '../publish/refused-problem.ts';
import type { Store } from '../store/store.ts';
import { type OnlineSigning, publicKeys } from './online-signing.ts';
import { signSnapshot } from './sign-online.ts';

export function trustHandlers(
  store: Store,
  signing: OnlineSigning,
): Handlers<Pick<typeof publishApi, 'trustState' | 'trustInit'>> {
  return {
    trustState: async () => {
      const root = await store.metadata.newest('root');
      const { snapshot, timestamp, director } = publicKeys(signing.keys);
      return {
        onlineKeys: { snapshot, timestamp, director },
        initialised: root !== undefined,
        rootVersion: root?.version ?? 0,
        ...(root && { rootSha256: sha256Hex(root.text) }),
      };
    },
    trustInit: async ({ body, caller }) => ({ rootSha256: await initialiseTrust(store, signing, body, caller.actor) }),
  };
}

/** Stores the first repository and signs its first snapshot and timestamp. The same one twice is a no-op. */
async function initialiseTrust(store: Store, signing: OnlineSigning, first: FirstRepository, by: string) {
  const checked = checkFirstRepository(first, { online: publicKeys(signing.keys), now: signing.clock.now() });
  if (!checked.ok) throw refusedProblem(checked.refused);
  await store.transaction(async ({ metadata, audit }) => {
    const known = await metadata.newest('root');
    if (known && (await metadata.find('root', 1))?.text === first.root) return;
    if (known) {
      throw problem('already_exists', 'This control plane has a trusted root already.', {
        hint: 'Change who may sign with a root rotation; a second root would lock out every robot.',
      });
    }
    const now = signing.clock.now();
    const { root, targets, roles } = first;
    for (const [role, text] of [
      ['root', root],
      ['targets', targets],
    ] as const) {
      await metadata.add({ role, version: 1, text }, now);
    }
    for (const role of ['development', 'staging', 'production'] as const) {
      await metadata.add({ role, version: 1, text: roles[role] }, now);
    }
    for (const [text, value] of Object.entries(first.texts)) {
      const name = asTargetName(text);
      if (name !== undefined) await metadata.addTarget({ name, sha256: sha256Hex(value), text: value });
    }
    await signSnapshot(metadata, { root, targets, roles }, signing);
    const detail = `The first root, ${checked.value.rootSha256}, is trusted from now on.`;
    await audit.append({ at: now, by, action: 'trust.init', element: 'root', detail });
  });
  return checked.value.rootSha256;
}
