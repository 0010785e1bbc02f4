import { useEffect, useState } from 'react';
import type { EditRequest, Timeline } from '../../../contract/index.ts';
import { call } from './connection.ts';
import { useSession } from './session.ts';

/** How the video of a request divides, as the engine says; the last answer holds until the next, and where a request cannot be run. */
export function useTimeline(request: EditRequest | undefined): Timeline | undefined {
  const [timeline, setTimeline] = useState<Timeline>();
  const link = useSession((session) => session.link);
  const asked = link === 'open' && request !== undefined ? JSON.stringify(decisive(request)) : undefined;
  useEffect(() => {
    if (asked === undefined) return;
    let isLate = false;
    call('timeline', { request: JSON.parse(asked) }).then(
      (answer) => !isLate && setTimeline(answer.timeline ?? undefined),
      () => {}, // the line of the estimate says why
    );
    return () => {
      isLate = true;
    };
  }, [asked]);
  return timeline;
}

/** The request with what changes neither length nor cost made the same: seeds and the wording of prompts. */
export function decisive(request: EditRequest): EditRequest {
  const some = (text: string) => (text.trim() === '' ? '' : 'a');
  return {
    ...request,
    seed: 0,
    prompt: some(request.prompt),
    ...(request.sourcePrompt !== undefined && { sourcePrompt: some(request.sourcePrompt) }),
    ...(request.negative !== undefined && { negative: some(request.negative) }),
    ...(request.segments !== undefined && {
      segments: request.segments.map((segment) => ({ ...segment, prompt: some(segment.prompt) })),
    }),
  };
}
