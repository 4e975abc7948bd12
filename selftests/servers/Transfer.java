// SPDX-License-Identifier: GPL-2.0
// Sends a file through a socket by FileChannel.transferTo, prints its SHA-256.
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.channels.FileChannel;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;

public class Transfer {
	static MessageDigest digest;

	static void receive(int port) {
		byte[] buffer = new byte[1 << 20];
		try (Socket socket = new Socket("127.0.0.1", port)) {
			InputStream in = socket.getInputStream();
			for (int n; (n = in.read(buffer)) > 0;)
				digest.update(buffer, 0, n);
		} catch (Exception e) {
			e.printStackTrace();
		}
	}

	public static void main(String[] args) throws Exception {
		digest = MessageDigest.getInstance("SHA-256");
		ServerSocketChannel listener = ServerSocketChannel.open();
		listener.bind(new InetSocketAddress("127.0.0.1", 0));
		Thread receiver = new Thread(() -> receive(listener.socket().getLocalPort()));
		receiver.start();
		try (SocketChannel out = listener.accept(); FileChannel in = FileChannel.open(Path.of(args[0]))) {
			for (long at = 0; at < in.size();)
				at += in.transferTo(at, in.size() - at, out);
		}
		receiver.join();
		System.err.println(HexFormat.of().formatHex(digest.digest()));
	}
}
