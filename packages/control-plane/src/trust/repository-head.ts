/** What is newest in the repository, read as one. */
import { Failure } from '@fairlead/shared/failure';
import type { RepositoryHead } from '@fairlead/shared/trust/repository';
import type { MetadataSlice } from '../store/metadata.ts';

/** Undefined before the trust is initialised. */
export async function readHead(metadata: MetadataSlice): Promise<RepositoryHead | undefined> {
  const root = await metadata.newest('root');
  if (!root) return undefined;
  const newest = async (role: 'targets' | 'development' | 'staging' | 'production') => {
    const found = await metadata.newest(role);
    if (!found) throw damaged(role);
    return found.text;
  };
  return {
    root: root.text,
    targets: await newest('targets'),
    roles: {
      development: await newest('development'),
      staging: await newest('staging'),
      production: await newest('production'),
    },
  };
}

const damaged = (role: string): Failure =>
  new Failure({
    phase: 'publish',
    element: `${role}.json`,
    category: 'store_damaged',
    detail: `There is a root, but no ${role} metadata.`,
    retryable: false,
    hint: 'Restore the database of the control plane from its backup.',
  });
