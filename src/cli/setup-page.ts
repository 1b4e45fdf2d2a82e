/** What the two pages of `cupel setup` look like. Every value is escaped here. */
export function startPage(about: { registerUrl: string; manifest: Record<string, unknown> }): string {
  const { name, hook_attributes: hook, default_permissions: permissions } = about.manifest
  const granted = Object.entries(permissions as Record<string, string>)
  return page(
    'Register Cupel on GitHub',
    `<p>GitHub will show you an App named <b>${escape(String(name))}</b> (you can change the name there), asking for:</p>
<ul>${granted.map(([what, level]) => `<li>${escape(what)}: ${escape(level)}</li>`).join('')}</ul>
<p>It will send webhooks to <code>${escape((hook as { url: string }).url)}</code>.</p>
<form method="post" action="${escape(about.registerUrl)}">
<input type="hidden" name="manifest" value="${escape(JSON.stringify(about.manifest))}">
<button>Register on ${escape(new URL(about.registerUrl).host)}</button>
</form>`,
  )
}

export function donePage(about: { installUrl: string; file: string }): string {
  return page(
    'Cupel is registered',
    `<p>Its key and secret are in <code>${escape(about.file)}</code>.</p>
<p><a href="${escape(about.installUrl)}">Install it on your repositories</a>, then run <code>npm start</code>.</p>`,
  )
}

export function errorPage(message: string): string {
  return page('That did not work', `<p>${escape(message)}</p><p><a href="/">Begin again</a></p>`)
}

function page(title: string, body: string): string {
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escape(title)}</title>
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:38em;margin:4em auto;padding:0 1em}button{font:inherit;padding:.4em 1em}</style>
<h1>${escape(title)}</h1>
${body}
</html>
`
}

const entities: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

function escape(text: string): string {
  return text.replace(/[&<>"']/g, character => entities[character] ?? '')
}
