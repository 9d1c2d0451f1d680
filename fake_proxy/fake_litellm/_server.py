"""The fake proxy as a server: pytest-httpserver that answers, records and never judges."""

from __future__ import annotations

import errno
import socket
import threading
import time
from collections import deque
from typing import TYPE_CHECKING, Any, cast

from pytest_httpserver import HTTPServer, HTTPServerError
from werkzeug.wrappers import Request, Response

from fake_litellm import _inspect, _response, _tls
from fake_litellm._api import answer
from fake_litellm._bodies import decode
from fake_litellm._errors import AddressTakenError, ApiError, ModelsError
from fake_litellm._exchange import Exchange, Settings
from fake_litellm._journal import MOST_BYTES, MOST_REQUESTS, Journal, RecordedRequest
from fake_litellm._replies import Reply
from fake_litellm._request import lenient_headers
from fake_litellm._session import resolve_session
from fake_litellm._stopping import Stopping
from fake_litellm._wire import HEAD, HEADER_LINES, CutConnection, WireServer

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    from pytest_httpserver import RequestHandler

    from fake_litellm._replies import Answer, Answerer
    from fake_litellm._request import MalformedRequestError

_LAST_PORT = 65535


class FakeLiteLLM(HTTPServer):
    """A LiteLLM proxy on a local socket; a context manager that serves while it is entered.

    It is a pytest-httpserver `HTTPServer`: whatever `expect_request(...)` is told to answer goes
    before its own routes.

    Args:
        port: TCP port; 0 picks a free one.
        models: The accepted model names; `None` accepts any, as a `*` route does.
        api_key: The only accepted key; `None` accepts requests with any key or none.
        litellm: The LiteLLM release to behave as, such as "1.106.2" (the measured default).
        host: Address to listen on.
        missing_session_id: LiteLLM's `general_settings.missing_session_id`: `generate`, `reject`
            or `omit`; `None` where it is not set.
        request_correlation_in_logs: LiteLLM's `litellm_settings.request_correlation_in_logs`.
        root_path: Path below which the proxy is served, such as "/litellm" (LiteLLM's
            `SERVER_ROOT_PATH`); whatever is asked for elsewhere is not found, as behind a gateway:
            LiteLLM by itself answers there, too.
        https: Serve https, as localhost; the certificate is signed by `AUTHORITY`, a file that a
            client has to trust (`SSL_CERT_FILE`, `NODE_EXTRA_CA_CERTS`).
        reply: What to answer when nothing is scripted. Where the request forces a tool call or a
            JSON Schema on the answer, an example of that takes the place of the text; what is
            scripted goes out as it is.
        journal_requests: How many requests the journal keeps; it drops the oldest first.
        journal_bytes: How many bytes of heads and bodies it keeps.

    Attributes:
        journal: Every request in order of arrival; `journal.dropped` counts those beyond its
            bounds.
        reply: See above; may be changed at any time.
    """

    def __init__(  # noqa: PLR0913 - each is a setting of the proxy
        self,
        port: int = 0,
        models: Sequence[str] | None = None,
        api_key: str | None = None,
        litellm: str = "1.106.2",
        *,
        host: str = "127.0.0.1",
        missing_session_id: str | None = None,
        request_correlation_in_logs: bool = False,
        root_path: str = "",
        https: bool = False,
        reply: Reply | None = None,
        journal_requests: int = MOST_REQUESTS,
        journal_bytes: int = MOST_BYTES,
    ) -> None:
        tls = _tls.context() if https else None
        super().__init__(host=host, port=port, ssl_context=tls, threaded=True)
        if isinstance(models, str):
            raise ModelsError(f"models must be a list of names, not the string {models!r}")
        self.settings = Settings(
            models=None if models is None else tuple(models),
            api_key=api_key,
            litellm=litellm,
            missing_session_id=missing_session_id,
            request_correlation_in_logs=request_correlation_in_logs,
        )
        self._root_path = root_path.rstrip("/")
        self._resolve([], None, "/")  # a bad setting fails here, not in a request
        self.journal = Journal(journal_requests, journal_bytes)
        self.reply = reply or Reply()
        self._script: deque[Answer] = deque()
        self._answerer: Answerer | None = None
        self._choosing = threading.Lock()
        self._stopping = Stopping()

    @property
    def base_url(self) -> str:
        """The proxy's root, without `/v1` and without a slash at the end."""
        return self.url_for(self._root_path).rstrip("/")

    def script(self, *answers: Answer) -> None:
        """Answer the next completions with these, in this order, before anything else."""
        self._script.extend(answers)

    def answer_with(self, answerer: Answerer | None) -> None:
        """Ask `answerer` for each completion that is not scripted; `None` means the default."""
        self._answerer = answerer

    def reset_connections(self, count: int) -> None:
        """Reset the next `count` new connections before anything is read from them."""
        if isinstance(self.server, WireServer):
            self.server.resets_due = count

    def clear(self) -> None:
        """Forget the journal, the script and everything pytest-httpserver keeps."""
        super().clear()
        self.journal.clear()
        self._script.clear()
        self._answerer = None

    def start(self) -> None:
        """Listen and serve in a thread; returns once connections are accepted.

        Raises:
            AddressTakenError: when the address cannot be listened on.
            HTTPServerError: when the server runs already.
        """
        if self.is_running():
            raise HTTPServerError("Server is already running")
        self._stopping = Stopping()
        listener = _listen(self.host, self.port)
        with listener:
            app = Request.application(self.application)
            self.server = WireServer(
                listener, self._mounted(app), self._record_malformed, self.ssl_context
            )
        self.port = self.server.port
        self.server_thread = threading.Thread(target=self.thread_target, daemon=True)
        self.server_thread.start()

    def thread_target(self) -> None:
        """Serve; a short poll interval is what lets `stop` return within milliseconds."""
        if self.server is not None:
            self.server.serve_forever(poll_interval=0.005)

    def stop(self) -> None:
        """Stop serving and end every open connection, and whatever an answer waits for."""
        server = self.server
        self._stopping.set()
        super().stop()
        if isinstance(server, WireServer):
            server.close_connections()

    def application(self, request: Request) -> Response:
        """Record one request and answer it (called by Werkzeug)."""
        body = request.get_data()
        if request.path.startswith("/_fake/") or request.path == "/_fake":
            return _inspect.answer(request, self.journal)
        recorded = self._record(request, body)
        try:
            if request.root_path != self._root_path:
                response = Response("not found", status=404)
            else:
                response = self.dispatch(request)
        except CutConnection:
            raise
        except Exception as error:  # noqa: BLE001 - kept for check_assertions, check_handler_errors
            self._keep(error)
            failure = ApiError(500, f"the fake itself failed: {error!r}", call_id=False)
            response = _response.error_response(failure, request)
        self.journal.note_status(recorded, response.status_code)
        return response

    def _mounted(self, app: WSGIApplication) -> WSGIApplication:
        """Move the root path to where WSGI has it, so that what is below it is served."""

        def mounted(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            if environ["PATH_INFO"].startswith(f"{self._root_path}/"):
                environ["SCRIPT_NAME"] = self._root_path
                environ["PATH_INFO"] = environ["PATH_INFO"].removeprefix(self._root_path)
            return app(environ, start_response)

        return mounted if self._root_path else app

    def dispatch(self, request: Request) -> Response:
        """Answer with what a test expects, else as LiteLLM does."""
        expected = self._take_expected(request)
        if expected is not None:
            said = cast("Response | str | None", expected.respond(request))
            response = said if isinstance(said, Response) else Response(said)
            self.log.append((request, response))
            return response
        exchange = Exchange(
            request=request,
            recorded=request.environ["fake_litellm.recorded"],
            settings=self.settings,
            next_answer=self._next_answer,
            default=self.reply,
            stopping=self._stopping,
        )
        return answer(exchange)

    def _take_expected(self, request: Request) -> RequestHandler | None:
        """Choose what `expect_request` was told; the base class may give one answer twice."""
        with self._choosing:
            handler: RequestHandler | None
            ordered = self.ordered_handlers
            if ordered and ordered[0].matcher.match(request):
                handler = ordered.pop(0)
            elif handler := self.oneshot_handlers.match(request):
                self.oneshot_handlers.remove(handler)
            else:
                return self.handlers.match(request)
            self._update_waiting_result()
            return handler

    def _keep(self, error: Exception) -> None:
        if isinstance(error, AssertionError):
            self.add_assertion(error)
        else:
            self.handler_errors.append(error)

    def _next_answer(self, recorded: RecordedRequest) -> Answer | None:
        try:
            return self._script.popleft()
        except IndexError:
            return self._answerer(recorded) if self._answerer is not None else None

    def _record(self, request: Request, body: bytes) -> RecordedRequest:
        environ = request.environ
        path, _, query = environ["RAW_URI"].partition("?")
        headers: list[tuple[str, str]] = environ[HEADER_LINES]
        parsed = _parse(body)
        recorded = RecordedRequest(
            method=request.method,
            path=path,
            query=query,
            headers=headers,
            body=body,
            json=parsed,
            received_at=time.time(),
            status=None,
            session=self._resolve(headers, parsed, path.removeprefix(self._root_path)),
            head=environ[HEAD],
            connection=environ["REMOTE_PORT"],
        )
        environ["fake_litellm.recorded"] = recorded
        self.journal.append(recorded)
        return recorded

    def _record_malformed(self, error: MalformedRequestError, connection: int) -> None:
        self.journal.append(
            RecordedRequest(
                method="",
                path="",
                query="",
                headers=lenient_headers(error.head),
                body=b"",
                json=None,
                received_at=time.time(),
                status=None if error.client_left else 400,
                session=self._resolve([], None, "/"),
                head=error.head,
                connection=connection,
                malformed=str(error),
            )
        )

    def _resolve(self, headers: list[tuple[str, str]], body: Any, path: str) -> Any:  # noqa: ANN401
        return resolve_session(
            headers,
            body,
            path=path,
            litellm=self.settings.litellm,
            missing_session_id=self.settings.missing_session_id,
            request_correlation_in_logs=self.settings.request_correlation_in_logs,
        )


def _listen(host: str, port: int) -> socket.socket:
    """Bind and listen; reports a taken port instead of ending the process, as Werkzeug would."""
    if not 0 <= port <= _LAST_PORT:
        raise AddressTakenError(f"port {port} is not a port; expected 0 to {_LAST_PORT}")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=128)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise AddressTakenError(
                f"port {port} on {host} is taken by another program; "
                "stop it, or choose another port (0 picks a free one)"
            ) from None
        raise AddressTakenError(f"cannot listen on {host} port {port}: {error.strerror}") from None


def _parse(body: bytes) -> Any:  # noqa: ANN401
    try:
        return decode(body)
    except ValueError:
        return None
