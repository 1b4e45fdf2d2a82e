import { escapeHtml } from '../core/report/escape-html.ts'

/** What the two pages of `cupel setup` look like. Every value is escaped here. */
export function startPage(about: { registerUrl: string; manifest: Record<string, unknown> }): string {
  const { name, hook_attributes: hook, default_permissions: permissions } = about.manifest
  const granted = Object.entries(permissions as Record<string, string>)
  return page(
    'Register Cupel on GitHub',
    `<p>GitHub will show you an App named <b>${escapeHtml(String(name))}</b> (you can change the name there), asking for:</p>
<ul>${granted.map(([what, level]) => `<li>${escapeHtml(what)}: ${escapeHtml(level)}</li>`).join('')}</ul>
<p>It will send webhooks to <code>${escapeHtml((hook as { url: string }).url)}</code>.</p>
<form method="post" action="${escapeHtml(about.registerUrl)}">
<input type="hidden" name="manifest" value="${escapeHtml(JSON.stringify(about.manifest))}">
<button>Register on ${escapeHtml(new URL(about.registerUrl).host)}</button>
</form>`,
  )
}

export function donePage(about: { installUrl: string; file: string }): string {
  return page(
    'Cupel is registered',
    `<p>Its key and secret are in <code>${escapeHtml(about.file)}</code>.</p>
<p><a href="${escapeHtml(about.installUrl)}">Install it on your repositories</a>, then run <code>npm start</code>.</p>`,
  )
}

export function errorPage(message: string): string {
  return page('That did not work', `<p>${escapeHtml(message)}</p><p><a href="/">Begin again</a></p>`)
}

function page(title: string, body: string): string {
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escapeHtml(title)}</title>
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:38em;margin:4em auto;padding:0 1em}button{font:inherit;padding:.4em 1em}</style>
<h1>${escapeHtml(title)}</h1>
${body}
</html>
`
}
