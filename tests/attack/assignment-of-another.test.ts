import { signAssignment } from '@fairlead/shared/trust/sign-assignment';
import { expect, test } from 'vitest';
import { assignment, openCode, sealed } from './support/assignment.ts';
import { newSigner } from './support/fleet-repository.ts';

test('the right assignment is accepted', () => {
  expect(openCode(sealed())).toBe('accepted');
});

test('attack 41: the assignment of another robot is refused', () => {
  expect(openCode(sealed({ robot: 'duck-2' }))).toBe('wrong_robot');
});

test('attack 23: an assignment for another environment is refused, whatever it orders', () => {
  expect(openCode(sealed({ environment: 'development' }))).toBe('wrong_env');
});

test('an assignment that somebody else signed is refused', () => {
  expect(openCode(signAssignment(assignment(), newSigner()))).toBe('bad_signature');
});

test('an assignment that somebody else signed in the name of the director is refused', () => {
  const [genuine, forged] = [sealed(), signAssignment(assignment({ seq: 8 }), newSigner())];
  const keyid = genuine.signatures[0]?.keyid;
  const [signature] = forged.signatures;
  if (!keyid || !signature) throw new TypeError('both are signed');
  expect(openCode({ ...forged, signatures: [{ ...signature, keyid }] })).toBe('bad_signature');
});
