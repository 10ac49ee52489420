/** Uploads from the publisher: parts append at an offset, every retry is harmless. */
import type { publishApi } from '@fairlead/shared/api/publish-api';
import type { Handlers } from '../http/handlers.ts';
import { problem } from '../http/problem.ts';
import type { ArtifactStore, UploadRefusal } from './artifact-store.ts';

export function uploadHandlers(
  artifacts: ArtifactStore,
): Handlers<Pick<typeof publishApi, 'uploadState' | 'uploadPart'>> {
  return {
    uploadState: ({ params }) => artifacts.state(params.sha256),
    uploadPart: async ({ params, query, body }) => {
      const done = await artifacts.append({ blob: params.sha256, ...query, bytes: body });
      if (done.ok) return done.value;
      throw uploadProblem(done.refused);
    },
  };
}

function uploadProblem(refused: UploadRefusal) {
  switch (refused.code) {
    case 'offset_mismatch':
      return problem('offset_mismatch', `The upload stands at byte ${refused.offset}.`, {
        hint: 'Go on from that offset.',
        offset: refused.offset,
      });
    case 'too_large':
      return problem('too_large', refused.detail, {
        hint: 'Build a smaller release, or raise the limit of the store.',
      });
    case 'hash':
      return problem('refused', refused.detail, {
        hint: 'Build the release again and upload it from the start.',
        refusal: {
          phase: 'publish',
          element: 'bundle',
          category: 'hash',
          detail: refused.detail,
          retryable: true,
          hint: 'Build the release again and upload it from the start.',
        },
      });
  }
}
