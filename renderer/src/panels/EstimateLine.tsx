import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { EditRequest, JobEstimate, Region } from '../../../contract/index.ts';
import { call, sentenceOf } from '../state/connection.ts';
import { useSession } from '../state/session.ts';
import { decisive } from '../state/timeline.ts';
import { bytesText, durationText } from '../ui/format.ts';

/** What a run would take, or what is missing before there can be one. */
export function EstimateLine({
  request,
  missing,
  painted,
}: {
  /** Absent where no run can be asked for yet. */
  readonly request: EditRequest | undefined;
  /** A sentence. */
  readonly missing: string | undefined;
  /** Where a mask that the request does not name yet lets the picture change. */
  readonly painted?: Region | undefined;
}) {
  const { t } = useTranslation();
  const { value, error } = useEstimate(missing === undefined ? request : undefined, painted);
  return (
    <div className="estimate" aria-live="polite">
      {missing ??
        (error !== undefined ? (
          <span className="bad">{error}</span>
        ) : value === undefined ? (
          ' '
        ) : (
          <span className={value.fits ? '' : 'bad'}>
            {value.expectedMs !== undefined && `${t('run.about', { time: durationText(value.expectedMs) })} · `}
            {t(value.fits ? 'run.memory' : 'run.tooMuch', {
              peak: bytesText(value.peakBytes),
              available: bytesText(value.availableBytes),
            })}
          </span>
        ))}
      {missing === undefined &&
        value?.unread.map((input) => (
          <p key={input} className="warning">
            {t(`run.unread.${input}`)}
          </p>
        ))}
    </div>
  );
}

const ESTIMATE_AFTER_MS = 250;

/** What the job would need, asked some moments after the last change. */
function useEstimate(request: EditRequest | undefined, painted: Region | undefined) {
  const [estimate, setEstimate] = useState<{ readonly value?: JobEstimate; readonly error?: string }>({});
  const link = useSession((session) => session.link);
  const done = useSession((session) => session.history.length);
  const asked =
    link === 'open' && request !== undefined
      ? JSON.stringify({ request: decisive(request), ...(painted && { painted }) })
      : undefined;
  useEffect(() => {
    if (asked === undefined) return setEstimate({});
    let isLate = false;
    const timer = setTimeout(() => {
      call('estimate', JSON.parse(asked)).then(
        (value) => !isLate && setEstimate({ value }),
        (error: unknown) => !isLate && setEstimate({ error: sentenceOf(error) }),
      );
    }, ESTIMATE_AFTER_MS);
    return () => {
      isLate = true;
      clearTimeout(timer);
    };
  }, [asked, done]);
  return estimate;
}
