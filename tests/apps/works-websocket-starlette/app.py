import asyncio

from starlette.applications import Starlette
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.routing import Route, WebSocketRoute


async def home(request):
    return PlainTextResponse(request.headers["x-forwarded-proto"])


async def upload(request):
    count = 0
    async for piece in request.stream():
        count += len(piece)
    return PlainTextResponse(str(count), 201 if count == 100_000_000 else 400)


async def poll(request):
    await asyncio.sleep(1)
    return PlainTextResponse("news")


async def events(request):
    async def lines():
        for number in range(5):
            yield f"data: {number}\n\n"
            await asyncio.sleep(0.1)

    return StreamingResponse(lines(), media_type="text/event-stream")


async def chat(websocket):
    await websocket.accept()
    async for text in websocket.iter_text():
        await websocket.send_text(text.upper())


app = Starlette(
    routes=[
        Route("/", home),
        Route("/upload", upload, methods=["POST"]),
        Route("/poll", poll),
        Route("/events", events),
        WebSocketRoute("/chat", chat),
    ]
)
