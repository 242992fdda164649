/* The desk works without this. It only keeps what was typed from being lost by a slip. */
document.addEventListener("submit", (event) => {
  const button = event.submitter;
  if (button && event.target.method === "post") setTimeout(() => { button.disabled = true; }, 0);
});
