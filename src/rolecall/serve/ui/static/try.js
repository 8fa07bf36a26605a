// A file that is dropped anywhere on the page goes into the form, and the form is sent.
const form = document.getElementById("try");
const body = document.body;

addEventListener("dragover", (event) => {
  if (![...event.dataTransfer.types].includes("Files")) return;
  event.preventDefault();
  body.classList.add("dropping");
});
addEventListener("dragleave", (event) => { if (!event.relatedTarget) body.classList.remove("dropping"); });
addEventListener("drop", (event) => {
  if (!event.dataTransfer.files.length) return;
  event.preventDefault();
  body.classList.remove("dropping");
  form.elements.file.files = event.dataTransfer.files;
  form.requestSubmit();
});
document.getElementById("result")?.scrollIntoView({ block: "start" });
