import { signerFromSeed } from '@fairlead/shared/trust/ed25519';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { robotSigner } from './robot-signer.ts';

test('a robot signs byte for byte what tweetnacl would sign with its key', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), fc.uint8Array(), (seed, message) => {
      const [robot, reference] = [robotSigner(seed), signerFromSeed(seed)];
      expect({ keyid: robot.keyid, publicKey: robot.publicKey, signature: [...robot.sign(message)] }).toEqual({
        keyid: reference.keyid,
        publicKey: reference.publicKey,
        signature: [...reference.sign(message)],
      });
    }),
    { numRuns: 20 },
  );
});
