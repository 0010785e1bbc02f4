import { X } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { closeNotice, type Notice, useSession } from '../state/session.ts';
import { Button } from '../ui/controls.tsx';

/** Sentences for the user, over everything; errors stay until they are closed. */
export function Notices() {
  const { t } = useTranslation();
  const { notices, link, linkSentence } = useSession();
  return (
    <section className="notices" aria-label={t('app.notices')} aria-live="polite">
      {link === 'lost' && linkSentence !== '' && (
        <div className="notice error" role="alert">
          <NoticeText text={linkSentence} details={[]} />
        </div>
      )}
      {notices.map(({ id, tone, text, details, action }) => (
        <div key={id} className={`notice ${tone}`} role={tone === 'error' ? 'alert' : undefined}>
          <NoticeText text={text} details={details} />
          {action !== undefined && (
            <Button
              onClick={() => {
                action.run();
                closeNotice(id);
              }}
            >
              {action.label}
            </Button>
          )}
          <button type="button" className="icon-button" aria-label={t('app.close')} onClick={() => closeNotice(id)}>
            <X size={14} aria-hidden />
          </button>
        </div>
      ))}
    </section>
  );
}

/** The sentence, and those that belong to it. */
export function NoticeText({ text, details }: Pick<Notice, 'text' | 'details'>) {
  return (
    <div className="notice-text">
      <p>{text}</p>
      {details.length > 0 && (
        <ul className="hint">
          {details.map((detail) => (
            <li key={detail}>{detail}</li>
          ))}
        </ul>
      )}
    </div>
  );
}
