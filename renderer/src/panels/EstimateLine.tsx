import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { EditRequest, JobEstimate } from '../../../contract/index.ts';
import { call, sentenceOf } from '../state/connection.ts';
import { useSession } from '../state/session.ts';
import { decisive } from '../state/timeline.ts';
import { bytesText, durationText } from '../ui/format.ts';

/** What a run would take, or what is missing before there can be one. */
export function EstimateLine({
  request,
  missing,
  isPainted = false,
}: {
  /** Absent where no run can be asked for yet. */
  readonly request: EditRequest | undefined;
  /** A sentence. */
  readonly missing: string | undefined;
  /** Whether a mask comes with the run that the request does not name yet. */
  readonly isPainted?: boolean;
}) {
  const { t } = useTranslation();
  const { value, error } = useEstimate(missing === undefined ? request : undefined, isPainted);
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
function useEstimate(request: EditRequest | undefined, isPainted: boolean) {
  const [estimate, setEstimate] = useState<{ readonly value?: JobEstimate; readonly error?: string }>({});
  const link = useSession((session) => session.link);
  const done = useSession((session) => session.history.length);
  const asked = link === 'open' && request !== undefined ? JSON.stringify(decisive(request)) : undefined;
  useEffect(() => {
    if (asked === undefined) return setEstimate({});
    let isLate = false;
    const timer = setTimeout(() => {
      call('estimate', { request: JSON.parse(asked), isPainted }).then(
        (value) => !isLate && setEstimate({ value }),
        (error: unknown) => !isLate && setEstimate({ error: sentenceOf(error) }),
      );
    }, ESTIMATE_AFTER_MS);
    return () => {
      isLate = true;
      clearTimeout(timer);
    };
  }, [asked, done, isPainted]);
  return estimate;
}
