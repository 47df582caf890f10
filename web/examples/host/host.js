// The page's own script: it loads the elements from persopt's server, gives them the token, and hears their events.
const server = document.querySelector('meta[name="persopt-server"]').content;
const elements = [...document.querySelectorAll('persopt-studio, persopt-jobs')];
const form = document.querySelector('form');

document.addEventListener('persopt-token', (event) => {
  event.preventDefault(); // this page asks, not the studio
  form.hidden = false;
});
form.addEventListener('submit', (event) => {
  event.preventDefault();
  for (const element of elements) element.token = form.querySelector('input').value; // a property: it is in no markup
  form.hidden = true;
});

for (const name of ['persopt-ready', 'persopt-connection', 'persopt-navigate', 'persopt-job']) {
  document.addEventListener(name, ({ target, detail }) => {
    const line = document.createElement('li');
    line.textContent = `${target.localName}: ${name} ${JSON.stringify(detail)}`;
    document.querySelector('#heard').append(line);
  });
}

await import(`${server}/studio/elements.js`);
