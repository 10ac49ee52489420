import type { TensorContract } from './manifest.ts';

/** `float32[batch,24]`, as people read an input or output; an unnamed dimension is `?`. */
export const formatType = ({ dtype, shape }: Pick<TensorContract, 'dtype' | 'shape'>): string =>
  `${dtype}[${shape.map((size) => (size === '' ? '?' : size)).join(',')}]`;
