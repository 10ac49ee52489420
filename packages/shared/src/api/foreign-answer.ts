/** An answer that does not come from a control plane: who gave it, most likely, and what to do about it. */
import type { TransportReply } from './client.ts';
import type { Problem } from './problem.ts';

/** `found` is what was seen of the answer, for people: `HTTP 418`, `/left must be integer`. */
export function foreignAnswer(reply: TransportReply, url: URL, found: string): Problem {
  const [detail, hint] = explain(reply, url.origin) ?? [
    `${url.origin} answered something that is not Fairlead's API (${found}).`,
    'Is the server URL right, and does no proxy or captive portal answer in its place?',
  ];
  return {
    type: 'about:blank',
    title: 'Unexpected answer',
    status: reply.status,
    code: 'unexpected_answer',
    detail,
    hint,
  };
}

/** A body in an encoding that no request asks for and no client undoes. */
export const isEncoded = ({ headers }: Pick<TransportReply, 'headers'>): boolean =>
  !/^(identity)?$/i.test((headers['content-encoding'] ?? '').trim());

type Explanation = readonly [detail: string, hint: string];

function explain(reply: TransportReply, origin: string): Explanation | undefined {
  const { status, headers } = reply;
  if (status >= 300 && status < 400) {
    return [
      `${origin} answered with a redirect (HTTP ${status}${headers['location'] ? ` to ${headers['location'].slice(0, 200)}` : ''}), and no redirect is followed.`,
      'Use the address it points to as the server URL, or sign in to the captive portal.',
    ];
  }
  if (isEncoded(reply)) {
    return [
      `${origin} sent a compressed answer (${headers['content-encoding']}), which was not requested: a proxy in between changes answers.`,
      'Turn compression off for this address in the proxy (nginx: gzip off).',
    ];
  }
  return BY_STATUS[status]?.(origin);
}

const BY_STATUS: Readonly<Record<number, (origin: string) => Explanation>> = {
  407: (origin) => [
    `A proxy on the way to ${origin} asks for its own credentials (HTTP 407).`,
    'Set the proxy with its user and password, or a way around it.',
  ],
  413: (origin) => [
    `A proxy at ${origin} refuses a request of this size (HTTP 413).`,
    'Raise its limit to 8 MiB or more (nginx: client_max_body_size 8m).',
  ],
  502: (origin) => notBehind(origin, 502),
  503: (origin) => notBehind(origin, 503),
  504: (origin) => [
    `A proxy at ${origin} got no answer from the control plane in time (HTTP 504).`,
    'Is the control plane running? The proxy must wait longer than a long-poll: 150 s (nginx: proxy_read_timeout 150s).',
  ],
};

const notBehind = (origin: string, status: number): Explanation => [
  `A proxy at ${origin} does not reach the control plane behind it (HTTP ${status}).`,
  'Is the control plane running, and does the proxy have its address and port?',
];
